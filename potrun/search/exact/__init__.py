"""The compiled engine: every sweep by itself, in machine code that fits the cache of one processor core.

The mathematics is that of the batched engine, where it is explained. Read ``records`` (what is handed around),
``tables``, ``lookup``, ``beam`` and ``bounds``, ``points``, ``search`` (best box first; ``heap``), ``region`` (where
all rows lose the same cells), ``polish`` (its lowest point), ``rivals`` (what might still be better), ``centre`` (the
middle of what is as good), ``profile``, ``kernel`` (one sweep after another), ``engine``. ``equations`` compiles the
model, ``jit`` the rest, ``keep`` keeps the machine code.
"""
