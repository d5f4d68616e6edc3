"""How an address is read, and which hosts are public."""

from ipaddress import ip_address

import pytest

from gemini_pool.media.addresses import Refusal, Site, is_public, read_site


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://files.example", Site("https", "files.example", 443, "/")),
        ("HTTP://Files.Example:80/A/b?c=%2F#part", Site("http", "files.example", 80, "/A/b?c=%2F")),
        (" https://files.example:8443/a b.png ", Site("https", "files.example", 8443, "/a%20b.png")),
        ("https://bücher.example/ä", Site("https", "xn--bcher-kva.example", 443, "/%C3%A4")),
        ("http://93.184.216.34/x", Site("http", "93.184.216.34", 80, "/x")),
        ("http://[2606:4700::1111]:80/", Site("http", "2606:4700::1111", 80, "/")),
        ("https://s3.example/k?sig=a+b/c==&n[]=1", Site("https", "s3.example", 443, "/k?sig=a+b/c==&n[]=1")),
        ("https://files.example:/x", Site("https", "files.example", 443, "/x")),
    ],
)
def test_an_address_of_the_web_is_read(url: str, site: Site) -> None:
    assert read_site(url) == site


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://files.example:70/1",
        "ftp://files.example/x",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "//files.example/x",
        "files.example/x",
        "",
        "http://",
        "http:///x",
        "http:files.example/x",
        "http://user@files.example/",
        "http://user:secret@files.example/",
        "http://files.example@10.0.0.1/",
        "http://files.example\\@10.0.0.1/",
        "http://files.example:70000/",
        "http://files.example:0/",
        "http://files.example:8o/",
        "http://files.example/\r\nHost: other",
        "http://files\t.example/",
        "http://files .example/",
        "http://files.example./",
        "http://.example/",
        "http://a..example/",
        "http://127.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://127.0.0.0x1/",
        "http://127.0.0.1./",
        "http://1.2.3.4.5/",
        "http://①②⑦.1/",
        "http://%31%32%37.0.0.1/",
        "http://[::1%25eth0]/",
        "http://[::1].example/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://" + "a" * 70 + ".example/",
        "http://" + "a." * 200 + "example/",
        "http://files.example/" + "a" * 9000,
        "http://files.example/\ud800",
    ],
)
def test_every_other_form_is_refused(url: str) -> None:
    with pytest.raises(Refusal):
        read_site(url)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:5ef5:79fd::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_the_open_internet_is_closed(address: str) -> None:
    assert not is_public(ip_address(address), 80)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"],
)
def test_a_host_of_the_open_internet_is_public_at_the_ports_of_the_web(address: str) -> None:
    assert is_public(ip_address(address), 80)
    assert is_public(ip_address(address), 443)
    assert not is_public(ip_address(address), 22)
    assert not is_public(ip_address(address), 8080)
