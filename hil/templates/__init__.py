"""What ``setwise init`` begins a plant with: folders that check clean and run on the bench as they are."""
