"""``sympolis source new``: looks at a sample and proposes how the city takes it in, for a steward to edit.

``sampling`` finds the connector and reads rows; ``columns`` says what each column holds; ``matching`` finds the data
model; ``places`` the geometry and its reference system; ``proposal`` puts it together; ``writing`` makes the two files
of it. Every guess carries its reason and how sure it is.
"""

from sympolis.city.proposing.proposal import Proposal, propose
from sympolis.city.proposing.writing import write_into

__all__ = ["Proposal", "propose", "write_into"]
