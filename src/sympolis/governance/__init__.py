"""Who may do what with which data, what the data mean, how good they are, and what is owed to people.

A room for each: ``identity`` and ``roles`` who asks · ``policy`` what they may see · ``audit`` who did what ·
``lifecycle`` from draft to deprecated · ``privacy`` erasure that lasts · ``datamodels``, ``mediator``, ``masterdata``
what data mean · ``quality`` and ``fairness`` how good they are and whom they leave out · ``catalogue``, ``lineage``,
``impact`` what there is, where it comes from, and what hangs on it.
"""
