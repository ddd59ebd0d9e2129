"""The exact search: the global minimum of each sweep's objective by branch and bound, with a proof of how close it is.

Read the files in this order: ``tables`` (what makes one evaluation cheap; ``layout`` holds their shared ground),
``lookup`` (from parameters to table entries), ``amplitude`` and ``beam`` (bounds on what the beam adds), ``bounds``
(the least value in a box), ``points`` (values at points), ``search`` (splitting and discarding boxes), ``finish``
(polishing), ``fitter`` (chunks, threads, memory).
"""
