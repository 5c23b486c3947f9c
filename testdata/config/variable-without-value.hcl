variable "token" {
  description = "the token of the registry"
}

variable "size" {
  type = number
}

machine "dev" {
  box = var.token
}
