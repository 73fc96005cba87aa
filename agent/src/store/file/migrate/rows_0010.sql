UPDATE steps SET used_percent = 80, least_percent = 75;
