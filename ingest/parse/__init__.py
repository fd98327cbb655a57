"""Files to elements. Runs in a sandboxed child process: nothing here touches the catalog."""
