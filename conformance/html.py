def write(runs, path): pass
