# What is free text keeps every character; rendering quotes it.
machine "dev" {
  engine {
    image           = "my images/it's #{1} \"new\".qcow2"
    daemon          = { "a b\"#{1}\n" = "x y\"#{1}\n$${z}" }
    ca_certificates = ["it's #{1} \"mine\".pem"]
  }
  mount "it's #{1} \"mine\"" {
    target = "/it's #{1} \"mine\""
  }
  provision "p" {
    inline = "echo 'a b' \"#{1}\" $${HOME}\necho"
  }
}
