"""The bench: a simulated plant, its PLC and its devices behind real protocols, with faults on demand.

What is simulated is the plant (``plants``) and the PLC's logic (``plc``); what is real is everything between them and
the supervisor: OPC UA with certificates, Modbus TCP, MQTT (``servers``), and the cable (``proxy``). ``faults`` breaks
each of these by name and proves that it is broken; ``bench`` runs it all in one process at a multiple of real time.
Everything here is started from a seed and a speed, and needs no hardware and no network.
"""
