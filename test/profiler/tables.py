"""Makes tables.json: what PyTorch's profiler prints for events with known times.

    python3 test/profiler/tables.py > test/profiler/tables.json
"""
import json

import torch
from torch.autograd.profiler_util import EventList, FunctionEvent

# name, start, end (microseconds), bytes, shapes of the inputs; children lie inside of their parents
EVENTS = [
    ["step", 0, 2_345_678.25, 5000, []],
    ["aten::addmm", 10, 1010.5, 3072, [[64, 128], [32, 64], [64, 128]]],
    ["aten::copy_", 20, 30.125, 0, [[64, 128], [128]]],
    ["aten::addmm", 2000, 2003, 1024, [[10], [32, 128], [128, 10]]],
    ["autograd::engine::evaluate_function: NativeLayerNormBackward0", 3000, 1_003_000, 3 << 20, []],
    ["NativeLayerNormBackward0", 3001, 900_000, 2 << 20, [[32, 10]]],
    ["aten::sum", 2_400_000, 2_400_000.75, -100, [[32, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]],
]
TABLES = [
    {},
    {"sort_by": "self_cpu_time_total"},
    {"sort_by": "cpu_time_total", "row_limit": 2, "header": "Two rows"},
    {"sort_by": "count", "row_limit": -1, "max_name_column_width": 24},
    {"sort_by": "cpu_time", "max_name_column_width": None, "max_shapes_column_width": 30},
]


def tables(with_memory, by_shape):
    events = EventList(
        [
            FunctionEvent(id=i, name=name, thread=1, start_us=start, end_us=end, input_shapes=shapes, stack=[], cpu_memory_usage=memory)
            for i, (name, start, end, memory, shapes) in enumerate(EVENTS)
        ],
        use_cuda=False,
        profile_memory=with_memory,
    )
    events._build_tree()
    averages = events.key_averages(group_by_input_shapes=by_shape)
    return [averages.table(**options) for options in TABLES] + [events.table(top_level_events_only=True)]


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "events": EVENTS,
            "options": TABLES,
            "tables": [
                {"withMemory": memory, "byShape": shape, "texts": tables(memory, shape)}
                for memory, shape in [(False, False), (True, False), (False, True)]
            ],
        },
        indent=1,
    )
)
