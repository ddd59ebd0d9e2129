"""What the machine's load looks like to the tracker."""

from potrun.tracking.system_metrics import SystemSampler, parse_gpus


def test_a_sample_is_taken_even_in_a_run_of_no_length():
    taken = []
    sampler = SystemSampler(lambda values, step: taken.append((step, values)))
    sampler.start()
    sampler.stop()
    ((step, values),) = taken
    assert step == 0
    assert values["system/process_memory_megabytes"] > 1
    assert 0 <= values["system/cpu_utilization_percentage"] <= 100


def test_gpus_are_read_and_one_that_does_not_tell_is_left_out():
    values = parse_gpus("97, 1000, 4000\n[N/A], [N/A], 4000\n")
    assert values == {
        "system/gpu_0_utilization_percentage": 97.0,
        "system/gpu_0_memory_usage_megabytes": 1048.576,
        "system/gpu_0_memory_usage_percentage": 25.0,
    }
