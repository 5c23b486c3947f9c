# A provider for the test of a box: the machine is a QEMU that runs already, and all that Vagrant does is what it does
# with any machine of the box: it reads the box, logs in with its well-known key and replaces it.
module FbdockBench
  class Created
    def initialize(app, _env)
      @app = app
    end

    def call(env)
      env[:machine].id ||= "bench"
      @app.call(env)
    end
  end

  class Provider < Vagrant.plugin("2", :provider)
    def initialize(machine)
      @machine = machine
    end

    def action(name)
      builtin = Vagrant::Action::Builtin
      Vagrant::Action::Builder.new.tap do |b|
        b.use builtin::ConfigValidate
        if name == :up
          b.use builtin::HandleBox
          b.use Created
          b.use builtin::WaitForCommunicator, [:running]
        elsif name == :ssh_run
          b.use builtin::SSHRun
        end
      end
    end

    def ssh_info
      { host: "127.0.0.1", port: ENV.fetch("BENCH_PORT").to_i }
    end

    def state
      Vagrant::MachineState.new(:running, "running", "running")
    end
  end

  class Plugin < Vagrant.plugin("2")
    name "bench"
    provider(:bench, box_format: "libvirt", parallel: false) { Provider }
  end
end
