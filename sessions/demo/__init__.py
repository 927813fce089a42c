"""The demonstration: campaign 2018 with invented people, every step done by the use case that the pages call."""
