from . import datasets as datasets
from . import evaluation as evaluation
from . import exceptions as exceptions
from . import recipes as recipes
from .datasets import load_percussion as load_percussion
from .datasets import make_voices as make_voices
from .evaluation import SpectrogramDisplay as SpectrogramDisplay
from .evaluation import TrainingHistoryDisplay as TrainingHistoryDisplay
from .features import DeepFeatures as DeepFeatures
from .features import time_statistics as time_statistics
from .images import Augmenter as Augmenter
from .images import ImageBatch as ImageBatch
from .images import MelSpectrogramImage as MelSpectrogramImage
from .models import Head as Head
from .models import PretrainedCNNClassifier as PretrainedCNNClassifier
from .models import Stage as Stage
from .nn import register_backbone as register_backbone
from .recipes import baselines as baselines

__version__: str
