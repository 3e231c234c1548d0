// Starts in Node the Python that the browser will run, and has it pack a folder: see pack.py.
import { readFileSync } from "node:fs";

const [pyodide, script, folder] = process.argv.slice(2);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${pyodide}/` });
python.FS.mkdirTree("/packages");
python.mountNodeFS("/packages", folder);
python.runPython(readFileSync(script, "utf8"));
