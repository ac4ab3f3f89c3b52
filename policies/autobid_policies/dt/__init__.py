"""Decision transformer: imitation of logged actions under a condition (efficiency, or the return still to be gained)."""
from ..common.objective import Imitation as DecisionTransformer

__all__ = ["DecisionTransformer"]
