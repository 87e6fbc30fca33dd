/**
 * ONNX Runtime 1.29 and later keep a device id below the home folder and report to Microsoft, unless told not to before
 * the library is loaded, in the environment of the process: a worker's own copy is not read. `ORT_DISABLE_TELEMETRY=0`
 * turns it on.
 */
process.env.ORT_DISABLE_TELEMETRY ||= '1'
