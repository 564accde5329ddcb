"""The durable, tamper-evident record of every decision. Import the modules; nothing heavy is loaded here."""
