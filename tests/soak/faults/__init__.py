"""What happens to a hubgate at work; each fault looks whether it was borne as promised."""
