"""What should be done: measures chosen under a budget, from effects that a model gave, so that every choice can be run.

``problem`` states it in a planner's words, ``solve`` finds the best choices and the front between cost, benefit and
fairness. Nothing here knows a model: the effects come as a table.
"""
