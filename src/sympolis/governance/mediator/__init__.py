"""The mediator: entities of one data model shown in the words of another, with what is lost on the way (MIM2)."""
