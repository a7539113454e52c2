"""HPACK (RFC 7541): encoding that compresses nothing and checks nothing, decoding of everything.

    block = encode([(b":status", b"200")])
    Decoder().decode(block) == [(b":status", b"200")]
"""

STATIC = [(name.encode(), value.encode()) for name, value in (
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
    ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
    ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", ""))]

# How many bits each octet takes, and last the end of the string (appendix B). The codes themselves are canonical:
# counted upwards through the lengths, and within a length through the octets.
HUFFMAN_BITS = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22,
    22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28,
    27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28,
    27, 27, 27, 27, 27, 26, 30]


def _huffman_codes():
    codes, code, bits_before = {}, 0, 0
    for bits, octet in sorted((bits, octet) for octet, bits in enumerate(HUFFMAN_BITS)):
        code <<= bits - bits_before
        codes[bits, code] = octet
        code, bits_before = code + 1, bits
    return codes


HUFFMAN = _huffman_codes()
TABLE_BYTES_MAX = 4096  # what SETTINGS_HEADER_TABLE_SIZE is where nobody says anything


class Malformed(Exception):
    pass


def huffman(data):
    text, code, bits = bytearray(), 0, 0
    for octet in data:
        for shift in range(7, -1, -1):
            code, bits = code << 1 | octet >> shift & 1, bits + 1
            symbol = HUFFMAN.get((bits, code))
            if symbol is not None:
                text.append(symbol)
                code = bits = 0
    if bits > 7 or code != (1 << bits) - 1:
        raise Malformed("padding of a Huffman string")
    return bytes(text)


def _integer(value, prefix_bits, mark=0):
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([mark | value])
    encoded, value = bytearray([mark | most]), value - most
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode(fields):
    """Each as a literal that is not indexed. Names and values are bytes, whatever they are."""
    return b"".join(b"\0" + _integer(len(name), 7) + name + _integer(len(value), 7) + value for name, value in fields)


class Decoder:
    def __init__(self):
        self._table, self._bytes_max = [], TABLE_BYTES_MAX

    def _read_integer(self, prefix_bits):
        most = (1 << prefix_bits) - 1
        value, shift = self._data[self._at] & most, 0
        self._at += 1
        if value < most:
            return value
        while True:
            octet = self._data[self._at]
            self._at += 1
            value += (octet & 127) << shift
            shift += 7
            if octet < 128:
                return value

    def _read_text(self):
        is_huffman = self._data[self._at] & 128
        size = self._read_integer(7)
        text = self._data[self._at:self._at + size]
        if len(text) < size:
            raise Malformed("a string ends early")
        self._at += size
        return huffman(text) if is_huffman else text

    def _entry(self, index):
        if 1 <= index <= len(STATIC):
            return STATIC[index - 1]
        if not len(STATIC) < index <= len(STATIC) + len(self._table):
            raise Malformed(f"index {index}")
        return self._table[index - len(STATIC) - 1]

    def _evict(self):
        while sum(len(name) + len(value) + 32 for name, value in self._table) > self._bytes_max:
            self._table.pop()

    def decode(self, data):
        self._data, self._at, fields = data, 0, []
        try:
            while self._at < len(data):
                first = data[self._at]
                if first & 128:
                    fields.append(self._entry(self._read_integer(7)))
                elif first & 0xE0 == 0x20:
                    self._bytes_max = self._read_integer(5)
                    self._evict()
                else:
                    is_kept = first & 64
                    index = self._read_integer(6 if is_kept else 4)
                    name = self._entry(index)[0] if index else self._read_text()
                    fields.append((name, self._read_text()))
                    if is_kept:
                        self._table.insert(0, fields[-1])
                        self._evict()
        except IndexError:
            raise Malformed("a block ends early") from None
        return fields
