"""A model that several cities learn together: weights travel, data stay.

``plan`` what is to be learnt, of whom · ``gradients`` how the weights are found · ``coordinator`` asks the cities
round by round, under agreements · ``judging`` whether it was worth it · ``handing`` the model with its card.
"""
