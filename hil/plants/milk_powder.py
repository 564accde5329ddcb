"""How far milk solids dry: the sorption isotherm, and what is left of the water when a droplet lands.

Moisture here is dry basis: kg water per kg solids.

Equilibrium: Guggenheim-Anderson-de Boer (GAB) isotherm, with K and C following Arrhenius, fitted to the desorption of
skim-milk powder at spray-drying temperatures by Lin, Chen and Pearce, "Desorption isotherm of milk powders at elevated
temperatures and over a wide range of relative humidity", J. Food Eng. 68 (2005) 257-264:
    X_eq = m0 C K a / ((1 - K a) (1 - K a + C K a)),  C = C0 exp(dH1 / R T),  K = K0 exp(dH2 / R T)
The constants are those later papers quote from it, not compared with the paper itself; they give 3.6 % at 85 degC and
12.6 % relative humidity, which is what milk dryers show.

Flight: the droplet meets air that is well mixed at outlet conditions and gives up its free moisture exponentially,
    X_land = X_eq + (X_feed - X_eq) exp(-NTU).
The number of transfer units NTU scales with the driving temperature difference and with drying time over droplet size
squared. Droplet size of a vaned-wheel atomiser grows with liquid rate to the 0.24 (K. Masters, Spray Drying Handbook,
5th ed., 1991, Sauter mean diameter of wheel atomisers), hence the exponent 0.48. More air shortens the flight but mixes
better; the exponent 0.3 left of the two is a choice, as are the reference values.
"""

from dataclasses import dataclass
from math import exp

from hil.plants.humid_air import ZERO_DEGC_IN_K, relative_humidity

GAS_CONSTANT = 8.314  # [J/(mol K)]
MONOLAYER = 0.06156  # m0 [kg/kg]
C0, DH1 = 0.001645, 24831.0  # [-], [J/mol]
K0, DH2 = 5.710, -5118.0  # [-], [J/mol]
WETTEST = 0.95  # K a is held below this: the isotherm has a pole at 1, reached only in a cold, flooded dryer


@dataclass(frozen=True, slots=True)
class Flight:
    """Drying between atomiser and cone: the transfer units at a reference point and how they scale."""

    transfer_units: float = 3.6  # NTU at the reference point [-]
    driving_k: float = 80.0  # mean air temperature minus droplet temperature at the reference point [K]
    droplet_degc: float = 52.0  # droplets stay near the wet-bulb temperature while they are wet
    feed_kg_h: float = 2900.0  # reference feed
    airflow_m3_s: float = 11.3  # reference exhaust air flow
    size_exponent: float = 0.48  # droplet size squared against feed
    air_exponent: float = 0.3  # flight time and mixing against air flow


def equilibrium_moisture(degc: float, humidity: float) -> float:
    """Moisture [kg/kg solids] at which powder and air of this temperature and humidity [kg/kg] exchange no water."""
    thermal = 1.0 / (GAS_CONSTANT * (degc + ZERO_DEGC_IN_K))
    c = C0 * exp(DH1 * thermal)
    ka = min(K0 * exp(DH2 * thermal) * relative_humidity(degc, humidity), WETTEST)
    return MONOLAYER * c * ka / ((1.0 - ka) * (1.0 - ka + c * ka))


def landing_moisture(  # noqa: PLR0917 - one quantity of the correlation an argument
    feed_moisture: float,
    feed_kg_h: float,
    inlet_degc: float,
    outlet_degc: float,
    humidity: float,
    airflow_m3_s: float,
    flight: Flight,
) -> float:
    """Moisture [kg/kg solids] of powder as it leaves the spray; never above `feed_moisture` [kg/kg solids]."""
    driving = max(0.5 * (inlet_degc + outlet_degc) - flight.droplet_degc, 0.0) / flight.driving_k
    droplet = max(feed_kg_h / flight.feed_kg_h, 1e-3) ** flight.size_exponent
    hurry = max(airflow_m3_s / flight.airflow_m3_s, 1e-3) ** flight.air_exponent
    left = exp(-flight.transfer_units * driving / (droplet * hurry))
    equilibrium = equilibrium_moisture(outlet_degc, humidity)
    return min(equilibrium + (feed_moisture - equilibrium) * left, feed_moisture)
