"""The pages people see, in Streamlit. The only owner of streamlit."""
