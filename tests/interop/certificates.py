"""Certificates of the tests, made by openssl."""
import subprocess


def make(folder, name, *names, key=None):
    """Writes NAME.pem and NAME.key into the folder: self-signed, for the names, or the one. With `key`: another's."""
    key_file = folder / f"{key or name}.key"
    if key is None:
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key_file],
                       check=True, capture_output=True)
    certificate = folder / f"{name}.pem"
    alternatives = ",".join(f"DNS:{each}" for each in names or (name,))
    subprocess.run(["openssl", "req", "-x509", "-new", "-key", key_file, "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={alternatives}", "-out", certificate], check=True, capture_output=True)
    return certificate
