package main

// kinds says what the value of a flag stands for, by the flag's name or by
// "COMMAND --NAME":
//
//	text        neither a file nor a variable of the host
//	env         NAME or NAME=VALUE; NAME alone is a variable of the environment
//	read        a file that is read; - is standard input
//	dockerfile  the same, but for a name that is relative to the build context
//	write       a file that is written; - is standard output
//	dir         a folder that is read
//	writedir    a folder that is written
//	bind        SOURCE:TARGET, as in --volume
//	mount       type=bind,source=..., as in --mount
//	secret      id=...,src=FILE or id=...,env=NAME
//	output      type=...,dest=FILE or a path
//	cache       type=local,src=DIR or type=local,dest=DIR
//	context     NAME=DIR or NAME=URL
//	ssh         default, ID=SOCKET or ID=FILE
//	security    seccomp=FILE among others
//	policy      filename=FILE among others, as often as one likes
//	externalca  cacert=FILE among others
var kinds = map[string]string{
	"build-arg":         "env",
	"build-context":     "context",
	"buildkitd-config":  "read",
	"ca-cert":           "read",
	"ca-key":            "read",
	"cache-from":        "cache",
	"cache-to":          "cache",
	"cidfile":           "write",
	"compose-file":      "read",
	"env":               "env",
	"env-add":           "env",
	"env-file":          "read",
	"env-from-file":     "read",
	"external-ca":       "externalca",
	"file":              "read",
	"filename":          "read",
	"iidfile":           "write",
	"input":             "read",
	"label-file":        "read",
	"metadata-file":     "write",
	"mount":             "mount",
	"mount-add":         "mount",
	"output":            "output",
	"policy":            "policy",
	"project-dir":       "dir",
	"project-directory": "dir",
	"secret":            "secret",
	"security-opt":      "security",
	"ssh":               "ssh",
	"templates":         "dir",
	"volume":            "bind",

	"build --file":                    "dockerfile",
	"build --security-opt":            "text",
	"builder build --file":            "dockerfile",
	"builder build --security-opt":    "text",
	"buildx build --file":             "dockerfile",
	"buildx build --security-opt":     "text",
	"buildx create --config":          "read",
	"buildx dap build --file":         "dockerfile",
	"buildx dap build --security-opt": "text",
	"buildx history export --output":  "write",
	"compose bridge convert --output": "writedir",
	"compose config --output":         "write",
	"compose export --output":         "write",
	"compose --workdir":               "dir",
	"container export --output":       "write",
	"export --output":                 "write",
	"image build --file":              "dockerfile",
	"image build --security-opt":      "text",
	"image save --output":             "write",
	"save --output":                   "write",
	"service create --secret":         "text",
	"volume create --secret":          "text",
}

// plain are the names of flags whose value is a text.
const plain = `
	add-host addr advertise-addr alias allow annotation ansi arch args attach attest author aux-address availability
	blkio-weight blkio-weight-device builder buildkitd-flags call cap-add cap-drop cert-expiry cgroup-parent cgroupns
	change checkpoint checkpoint-dir compare config config-add config-from config-rm constraint constraint-add
	constraint-rm container-label container-label-add container-label-rm context cpu-count cpu-percent cpu-period cpu-quota
	cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems credential-spec data-path-addr data-path-port
	default-addr-pool default-addr-pool-mask-length description detach-keys device device-cgroup-rule device-read-bps
	device-read-iops device-write-bps device-write-iops dispatcher-heartbeat dns dns-add dns-opt dns-option dns-option-add
	dns-option-rm dns-rm dns-search dns-search-add dns-search-rm docker domainname driver driver-opt endpoint-mode
	entrypoint env-rm exit-code-from expose fields filter format from gateway generic-resource
	generic-resource-add generic-resource-rm gpus group group-add group-rm gw-priority hash health-cmd health-interval
	health-retries health-start-interval health-start-period health-timeout host host-add host-rm hostname image
	indentation-size index insecure-registry io-maxbandwidth io-maxiops ip ip-range ip6 ipam-driver ipam-opt ipc isolation
	jobs keep-storage kernel-memory label label-add label-rm last limit limit-bytes limit-cpu limit-memory limit-pids link
	link-local-ip list listen-addr log-driver log-level log-opt mac-address materials max-concurrent max-snapshots
	max-used-space memory memory-reservation memory-swap memory-swappiness message min-free-space mode mount-rm name net
	net-alias network network-add network-alias network-rm no-attach no-cache-filter node oci-version oom-score-adj opt
	orchestrator os os-features os-version parallel password pid pids-limit placement-pref placement-pref-add
	placement-pref-rm platform print profile progress project-name protocol provenance publish publish-add
	publish-rm pull replay-mode replicas replicas-max-per-node required-bytes reserve-cpu reserve-memory reserved-space
	resolve-image resource restart restart-condition restart-delay restart-max-attempts restart-window rmi role
	rollback-delay rollback-failure-action rollback-max-failure-ratio rollback-monitor rollback-order rollback-parallelism
	run runtime sbom scale scope secret-add secret-rm set sharing shm-size signal since snapshot-interval status
	stop-grace-period stop-signal stop-timeout storage-opt subnet sysctl sysctl-add sysctl-rm tag tail target
	task-history-limit template-driver time timeout tlscacert tlscert tlskey tmpfs token topology-preferred
	topology-required transformation type ulimit ulimit-add ulimit-rm umask until update-delay update-failure-action
	update-max-failure-ratio update-monitor update-order update-parallelism user username userns uts var variant
	volume-driver volumes-from wait-timeout workdir
`

// commandRules are what a command does with standard input, the terminal and
// its arguments:
//
//	args KIND,KIND...         what the arguments stand for; the last one holds
//	                          for all that follow; copy is PATH or CONTAINER:PATH,
//	                          builddir a folder, - or a URL
//	stdin                     standard input is read
//	stdin if|unless FLAG,...  it is read with one of the flags, or without any
//	terminal if FLAG,...      the command insists on a terminal
//	terminal maybe FLAG,...   it works at a terminal where there is one, with one
//	                          of the flags
//	terminal unless FLAG,...  the same, without any of them
//	                          ("no NAME" is --NAME=false)
//	prompt unless FLAG,...    it asks at a terminal or reads the answer from
//	                          standard input
var commandRules = map[string]string{
	"attach":                                "stdin unless no-stdin; terminal unless no-stdin",
	"build":                                 "args builddir",
	"builder build":                         "args builddir",
	"builder prune":                         "prompt unless force",
	"buildx build":                          "args builddir",
	"buildx dap build":                      "args builddir",
	"buildx dial-stdio":                     "stdin",
	"buildx history import":                 "args read",
	"buildx policy test":                    "args dir",
	"buildx prune":                          "prompt unless force",
	"buildx rm":                             "prompt unless force",
	"compose attach":                        "stdin unless no-stdin; terminal unless no-stdin",
	"compose bridge convert":                "prompt unless yes",
	"compose bridge transformations create": "args writedir",
	"compose cp":                            "args copy",
	"compose exec":                          "stdin unless detach,no interactive; terminal unless no-tty,no-TTY,no tty,detach",
	"compose publish":                       "prompt unless yes",
	"compose rm":                            "prompt unless force",
	"compose run":                           "stdin unless detach,no interactive; terminal unless no-tty,no-TTY,no tty,detach",
	"config create":                         "args text,read",
	"container attach":                      "stdin unless no-stdin; terminal unless no-stdin",
	"container cp":                          "args copy",
	"container exec":                        "stdin if interactive; terminal if tty",
	"container prune":                       "prompt unless force",
	"container run":                         "stdin if interactive,attach=stdin; terminal if tty",
	"container start":                       "stdin if interactive; terminal maybe interactive,attach",
	"context export":                        "args text,write",
	"context import":                        "args text,read",
	"cp":                                    "args copy",
	"exec":                                  "stdin if interactive; terminal if tty",
	"image build":                           "args builddir",
	"image import":                          "args read,text",
	"image load":                            "stdin unless input",
	"image prune":                           "prompt unless force",
	"import":                                "args read,text",
	"load":                                  "stdin unless input",
	"login":                                 "stdin if password-stdin; prompt unless password,password-stdin",
	"network prune":                         "prompt unless force",
	"plugin create":                         "args text,dir",
	"plugin install":                        "prompt unless grant-all-permissions",
	"plugin upgrade":                        "prompt unless grant-all-permissions",
	"run":                                   "stdin if interactive,attach=stdin; terminal if tty",
	"secret create":                         "args text,read",
	"start":                                 "stdin if interactive; terminal maybe interactive,attach",
	"swarm unlock":                          "prompt unless",
	"system dial-stdio":                     "stdin",
	"system prune":                          "prompt unless force",
	"volume prune":                          "prompt unless force",
}
