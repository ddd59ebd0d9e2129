"""The exact search: the global minimum of one sweep's objective, and a bound that proves it.

``docs/search.md`` explains it on one page; read it first. Then ``records`` (what is handed around), ``tables`` and
``lookup`` (the objective as a few look-ups), ``bounds`` and ``beam`` (the least value in a box), ``search`` (best box
first; ``heap``), ``region`` (where all rows lose the same cells), ``points`` and ``polish`` (its lowest point),
``near_optimal`` (near-optimal boxes), ``centre`` (the middle of what fits equally well), ``profile``, ``kernel`` (all
of it, for one sweep after another), ``cpu`` and ``cuda`` (the launchers) and ``fitter``. ``equations`` compiles the
model, ``jit`` the rest, ``keep`` keeps the machine code.
"""
