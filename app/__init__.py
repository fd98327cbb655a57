"""From a question to an answer one can check: retrieval, answers, the web server, the command line."""
