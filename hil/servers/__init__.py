"""The devices of the bench behind real protocols: OPC UA, Modbus TCP, MQTT. Each is made from a table of points."""
