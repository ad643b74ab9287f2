"""The starter index: technical quality before there is any rating, from distorted photographs of free licences."""
