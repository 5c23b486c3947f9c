package hcl

// FileName is the name of the configuration file.
const FileName = "fbdock.hcl"
