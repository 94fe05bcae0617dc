"""Work that takes time: preparing models, running ensembles in worker processes, keeping and finding results."""
