"""The batched engine: all sweeps of a chunk at once, as torch operations on any device.

Read the files in this order: ``tables`` (what makes one evaluation cheap; ``layout`` holds their shared ground),
``lookup`` (from parameters to table entries), ``amplitude`` and ``beam`` (bounds on what the beam adds), ``rows`` and
``bounds`` (the least value in a box; ``boxes``), ``points`` (values at points), ``search`` (splitting and discarding
boxes), ``region``, ``polish``, ``rivals`` and ``centre`` (from there to what is reported, explained in ``compiled``),
``profile`` (how well other potentials do), ``engine``.
"""
