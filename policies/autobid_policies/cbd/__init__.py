"""CBD: the rest of the day is planned by diffusion, aligned to the efficiency that is asked for, and bid from (policies.md section 5)."""
