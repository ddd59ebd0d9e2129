"""The batched engine: all sweeps of a chunk at once, as torch operations on any device.

Read the files in this order: ``tables`` (what makes one evaluation cheap; ``layout`` holds their shared ground),
``lookup`` (from parameters to table entries), ``amplitude`` and ``beam`` (bounds on what the beam adds), ``bounds``
(the least value in a box; ``boxes``), ``points`` (values at points), ``search`` (splitting and discarding boxes),
``finish`` (what is reported), ``profile`` (how well other potentials do), ``engine``.
"""
