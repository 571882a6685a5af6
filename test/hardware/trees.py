"""The parts of sysfs that sensors live in, as drivers lay them out on three Jetsons and a laptop.

AGX Orin, JetPack 6: hwmon, https://docs.kernel.org/hwmon/ina3221.html, with the rails of
"Jetson AGX Orin Series", Jetson Linux Developer Guide 36.3; zones and counters from the same guide.
Orin Nano, JetPack 6: the same, one chip. TX2, JetPack 4: rails of "Clock Frequency and Power
Management", Developer Guide 32.7, files of NVIDIA's driver nvidia/drivers/staging/iio/meter.
"""

from __future__ import annotations

from pathlib import Path

AGX_ORIN = {
    "class/hwmon/hwmon0/name": "tmp451\n",
    "class/hwmon/hwmon2/name": "soctherm_oc\n",
    "class/hwmon/hwmon2/oc1_event_cnt": "0\n",
    "class/hwmon/hwmon2/oc2_event_cnt": "2\n",
    "class/hwmon/hwmon2/oc3_event_cnt": "37\n",
    "class/hwmon/hwmon3/name": "ina3221\n",
    "class/hwmon/hwmon3/in1_label": "VDD_GPU_SOC\n",
    "class/hwmon/hwmon3/in1_input": "19832\n",
    "class/hwmon/hwmon3/curr1_input": "248\n",
    "class/hwmon/hwmon3/in2_label": "VDD_CPU_CV\n",
    "class/hwmon/hwmon3/in2_input": "19840\n",
    "class/hwmon/hwmon3/curr2_input": "40\n",
    "class/hwmon/hwmon3/in3_label": "VIN_SYS_5V0\n",
    "class/hwmon/hwmon3/in3_input": "4992\n",
    "class/hwmon/hwmon3/curr3_input": "740\n",
    "class/hwmon/hwmon3/in7_label": "sum of shunt voltages\n",
    "class/hwmon/hwmon3/in7_input": "1\n",
    "class/hwmon/hwmon4/name": "ina3221\n",
    "class/hwmon/hwmon4/in1_label": "NC\n",
    "class/hwmon/hwmon4/in1_input": "0\n",
    "class/hwmon/hwmon4/curr1_input": "0\n",
    "class/hwmon/hwmon4/in2_label": "VDDQ_VDD2_1V8AO\n",
    "class/hwmon/hwmon4/in2_input": "4992\n",
    "class/hwmon/hwmon4/curr2_input": "100\n",
    "class/hwmon/hwmon4/in3_label": "NC\n",
    "class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "class/thermal/thermal_zone0/temp": "48125\n",
    "class/thermal/thermal_zone1/type": "gpu-thermal\n",
    "class/thermal/thermal_zone1/temp": "44031\n",
    "class/thermal/thermal_zone2/type": "cv0-thermal\n",
    "class/thermal/thermal_zone2/temp": "-256000\n",
    "class/thermal/thermal_zone3/type": "cv1-thermal\n",
    "class/thermal/thermal_zone8/type": "tj-thermal\n",
    "class/thermal/thermal_zone8/temp": "48125\n",
    "class/devfreq/17000000.gpu/cur_freq": "1300500000\n",
    "class/devfreq/17000000.gpu/max_freq": "1300500000\n",
    "class/devfreq/17000000.gpu/device/of_node/name": "gpu\0",
    "class/devfreq/17000000.gpu/device/load": "734\n",
    "class/devfreq/15340000.vic/cur_freq": "729600000\n",
    "class/devfreq/15340000.vic/device/of_node/name": "vic\0",
}
ORIN_NANO = {
    "class/hwmon/hwmon1/name": "ina3221\n",
    "class/hwmon/hwmon1/in1_label": "VDD_IN\n",
    "class/hwmon/hwmon1/in1_input": "4968\n",
    "class/hwmon/hwmon1/curr1_input": "1200\n",
    "class/hwmon/hwmon1/in2_label": "VDD_CPU_GPU_CV\n",
    "class/hwmon/hwmon1/in2_input": "4968\n",
    "class/hwmon/hwmon1/curr2_input": "300\n",
    "class/hwmon/hwmon1/in3_label": "VDD_SOC\n",
    "class/hwmon/hwmon1/in3_input": "4968\n",
    "class/hwmon/hwmon1/curr3_input": "280\n",
}
_TX2_CHIP_0 = "bus/i2c/drivers/ina3221x/0-0040/iio:device0"
_TX2_CHIP_1 = "bus/i2c/drivers/ina3221x/0-0041/iio:device1"
TX2 = {
    f"{_TX2_CHIP_0}/rail_name_0": "VDD_SYS_GPU\n",
    f"{_TX2_CHIP_0}/in_power0_input": "152\n",
    f"{_TX2_CHIP_0}/rail_name_1": "VDD_SYS_SOC\n",
    f"{_TX2_CHIP_0}/in_power1_input": "457\n",
    f"{_TX2_CHIP_0}/rail_name_2": "VDD_4V0_WIFI\n",
    f"{_TX2_CHIP_0}/in_power2_input": "19\n",
    f"{_TX2_CHIP_1}/rail_name_0": "VDD_IN\n",
    f"{_TX2_CHIP_1}/in_power0_input": "3420\n",
    f"{_TX2_CHIP_1}/rail_name_1": "VDD_SYS_CPU\n",
    f"{_TX2_CHIP_1}/in_power1_input": "304\n",
    f"{_TX2_CHIP_1}/rail_name_2": "VDD_SYS_DDR\n",
    f"{_TX2_CHIP_1}/in_power2_input": "1105\n",
    "class/thermal/thermal_zone0/type": "BCPU-therm\n",
    "class/thermal/thermal_zone0/temp": "39500\n",
    "class/thermal/thermal_zone2/type": "GPU-therm\n",
    "class/thermal/thermal_zone2/temp": "37000\n",
    "class/devfreq/17000000.gp10b/cur_freq": "114750000\n",
}
LAPTOP = {
    "class/hwmon/hwmon0/name": "coretemp\n",
    "class/thermal/thermal_zone0/type": "x86_pkg_temp\n",
    "class/thermal/thermal_zone0/temp": "51000\n",
    "class/powercap/intel-rapl/enabled": "1\n",
    "class/powercap/intel-rapl:0/name": "package-0\n",
    "class/powercap/intel-rapl:0/energy_uj": "1000000\n",
    "class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
    "class/powercap/intel-rapl:1/name": "psys\n",
    "class/powercap/intel-rapl:1/energy_uj": "9000000\n",
    "class/powercap/intel-rapl:1/max_energy_range_uj": "262143328850\n",
    "class/powercap/intel-rapl:0:0/name": "core\n",
    "class/powercap/intel-rapl:0:0/energy_uj": "500000\n",
    "class/powercap/intel-rapl:0:0/max_energy_range_uj": "262143328850\n",
}


def grow(root: Path, tree: dict[str, str]) -> Path:
    """Write a tree; gives its root."""
    for place, content in tree.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root
