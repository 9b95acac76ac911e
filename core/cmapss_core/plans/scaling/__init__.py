"""What the scaling of a variant is made of: what is asked for, its policies, alarms and schedules, and their steps."""
