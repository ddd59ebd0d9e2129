"""The exact search: the global minimum of each sweep's objective by branch and bound, with a proof of how close it is.

``fitter`` cuts a batch into chunks and hands them to an engine (``engines``): ``compiled`` goes through sweeps one by
one on CPU cores, ``batched`` searches many at once on a GPU. ``tuning`` holds the numbers that both search by,
``intervals`` reads confidence intervals off what they find. The mathematics is explained in ``batched``.
"""
