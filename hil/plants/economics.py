"""What the line earns, in EUR per hour, term by term.

Powder is counted at its contribution margin (sales price less milk and packing), so that only energy is left to pay.
The bed's steam and what the supervisor cannot move cost the same at every setpoint and are left out, except the
electricity, which is metered as one.
"""

from dataclasses import dataclass

from hil.plants.dryer import DryerOutputs

KWH_PER_MWH = 1000.0
PEAK_EUR_KWH = 0.214  # tariff of the plant file, interface.md
OFFPEAK_EUR_KWH = 0.131


@dataclass(frozen=True, slots=True)
class Prices:
    """What a unit is worth or costs; the defaults are the peak hours of the plant file's tariff."""

    powder_eur_kg: float = 0.38  # contribution margin; chosen
    gas_eur_mwh: float = 48.0  # on the net heating value; plant file, interface.md
    electricity_eur_kwh: float = PEAK_EUR_KWH


PEAK = Prices()
OFFPEAK = Prices(electricity_eur_kwh=OFFPEAK_EUR_KWH)


@dataclass(frozen=True, slots=True)
class EurPerHour:
    """The terms, each in EUR/h; costs are positive numbers."""

    powder: float
    gas: float
    electricity: float

    @property
    def total(self) -> float:
        """Value less cost [EUR/h]."""
        return self.powder - self.gas - self.electricity


def eur_per_h(outputs: DryerOutputs, prices: Prices = PEAK) -> EurPerHour:
    """What running like this earns and costs in an hour."""
    return EurPerHour(
        powder=prices.powder_eur_kg * outputs.powder,
        gas=prices.gas_eur_mwh * outputs.gas_kw / KWH_PER_MWH,
        electricity=prices.electricity_eur_kwh * outputs.P_el,
    )
