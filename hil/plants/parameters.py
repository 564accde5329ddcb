"""The size of Dryer 2: one frozen set of numbers, each with its unit and where it comes from.

"chosen" means: picked for this imaginary plant inside the range usual for a two-stage dairy dryer of about 2 t/h
evaporation (K. Masters, Spray Drying Handbook, 5th ed., 1991; Tetra Pak, Dairy Processing Handbook, chapter 17).
"""

from dataclasses import dataclass, field

from hil.plants.milk_powder import Flight

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class DryerParameters:
    """Everything about the dryer that does not change while it runs."""

    # Air side. Volume flow goes with fan speed, pressure with its square, power with its cube (fan affinity laws).
    fan_reference_pct: float = 75.0
    airflow_m3_s: float = 11.3  # exhaust volume flow at the reference speed; chosen
    fan_kw: float = 92.0  # shaft power at the reference speed and density: 5.3 kPa, 65 % efficient; chosen
    fan_density_kg_m3: float = 0.954  # humid exhaust air at 87 degC
    supply_fan_kw: float = 41.0  # at the reference speed; handles cold air, follows the chamber pressure; chosen
    chamber_dry_air_kg: float = 280.0  # air hold-up of some 300 m3, taken as constant (it varies by 2 %)

    # Burner and air heater, fired indirectly, so that no flue gas meets the milk.
    gas_full_m3_h: float = 320.0  # at 100 % valve, normal cubic metres; chosen
    heating_value_kwh_m3: float = 10.3  # net, natural gas H (interface.md, plant file)
    heater_efficiency: float = 0.88  # the rest leaves with the flue gas; chosen
    heater_kj_k: float = 600.0  # 1.2 t of steel; chosen

    # Feed. Solids: specific heat of non-fat milk solids about 1.5 kJ/(kg K).
    feed_full_kg_h: float = 4500.0  # at 100 % pump; chosen
    feed_degc: float = 60.0  # concentrate is preheated so that it can be atomised; chosen
    solids_heat: float = 1.5  # [kJ/(kg K)]

    # Chamber.
    flight: Flight = field(default_factory=Flight)
    powder_residence_s: float = 60.0  # cone, ducts and cyclones; chosen
    internals_kj_k: float = 1200.0  # ducts, cyclones and thin shell, 2.4 t of steel that follows the air; chosen
    wall_kw_k: float = 2.0  # air to inner wall, about 10 W/(m2 K) on 200 m2; chosen
    wall_kj_k: float = 900.0  # 1.8 t of steel behind it; chosen
    loss_kw_k: float = 0.55  # wall to surroundings through the insulation and all openings; chosen

    # Fluid bed after the chamber, on its own air and steam coil.
    bed_solids_kg: float = 100.0  # a weir holds it constant; about 4 min of residence; chosen
    bed_rate_per_s: float = 0.0038  # drying rate towards equilibrium; chosen
    bed_air_kg_s: float = 1.5  # dry air; chosen
    bed_air_degc: float = 95.0  # held by the steam coil; chosen
    bed_metal_kj_k: float = 100.0

    # Actuators: first-order lags.
    gas_lag_s: float = 4.0
    pump_lag_s: float = 5.0
    drive_lag_s: float = 8.0

    # Other electricity: wheel atomiser about 8 kWh per tonne of feed, and what always runs.
    atomiser_kwh_kg: float = 0.008
    other_kw: float = 60.0

    # Exhaust fan vibration: what bearings do at rest, plus unbalance, which grows with speed squared.
    vibration_mm_s: float = 0.9
    unbalance_mm_s: float = 1.1  # at the reference speed and imbalance 1
