"""Our decoder against Pillow's, over the forms of PNG, JPEG, BMP and PNM, and against damaged and hostile files.

Usage: codec_test.py DECODE_IMAGE. Needs numpy and Pillow. TITRATE_FULL=1 decodes twenty times as many damaged files. What
Pillow cannot write, or reads wrongly (transparent greys of 2, 4 and 16 bits), is written here and compared with the
samples that went in.
"""

import io
import itertools
import re
import struct
import subprocess
import sys
import unittest
import zlib

import numpy as np
from PIL import Image, ImageOps

import running
from extent import FULL

PROGRAM = ""
BLACK, GREY, COLOUR = (0, 0, 0), (128, 128, 128), (200, 30, 90)
BACKGROUNDS = [GREY, COLOUR]
MOST_MEBIBYTES = 256
MUTATIONS = 2000 if FULL else 100
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}  # by PNG's type of colour
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def decode(pictures, seconds=300):
    """Of (bytes, background) pairs: an array or (code, message) of each, and the process's most MiB."""
    frames = b"".join(b"%d %d %d %d\n" % (len(data), *background) + data for data, background in pictures)
    done = subprocess.run([PROGRAM], input=frames, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds)
    if done.returncode:
        raise AssertionError(f"decode_image ended with {done.returncode}: {done.stderr.decode()}")
    out, results = io.BytesIO(done.stdout), []
    for _ in pictures:
        words = out.readline().decode().split(" ", 2)
        if words[0] == "error":
            results.append((int(words[1]), words[2]))
        else:
            shape = tuple(map(int, words))
            results.append(np.frombuffer(out.read(int(np.prod(shape))), np.uint8).reshape(shape))
    return results, int(done.stderr) / 1024


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def scanlines(samples, depth):
    """Rows of H x W x C samples, each after a filter byte of 0."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        packed = rows.astype(">u2").view(np.uint8)
    else:
        bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(len(rows), -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def png(samples, depth, kind, interlaced=False, palette=None, transparent=None, extra=b""):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(scanlines(part, depth) for part in passes if part.size)
    else:
        raw = scanlines(samples, depth)
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)) + extra
    if palette is not None:
        body += chunk(b"PLTE", palette.tobytes())
    if transparent is not None:
        body += chunk(b"tRNS", transparent)
    data = zlib.compress(raw, 9)
    half = len(data) // 2
    body += chunk(b"IDAT", data[:half]) + chunk(b"IDAT", data[half:]) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def laid_on(over, alpha, background):
    """round((a v + (255 - a) b) / 255) in whole numbers, and one channel where all is grey."""
    alpha = alpha.astype(int)[..., None]
    under = np.array(background, int)
    if over.shape[-1] == 1 and background[0] == background[1] == background[2]:
        under = under[:1]
    return ((2 * (alpha * over.astype(int) + (255 - alpha) * under) + 255) // 510).astype(np.uint8)


def png_forms(generator):
    """name: (file, background, what must come out)."""
    for kind, interlaced, background in itertools.product(DEPTHS, [False, True], BACKGROUNDS):
        for depth, transparent in itertools.product(DEPTHS[kind], [False, True]):
            if transparent and kind in (4, 6):
                continue
            side = (13, 9) if depth != 4 else (3, 2)  # at 3 x 2 some of Adam7's passes are empty
            samples = generator.integers(0, 1 << depth, (*side, CHANNELS[kind]), np.uint16)
            options, name = {}, f"png type {kind} depth {depth} interlaced {interlaced} {transparent} {background}"
            if kind == 3:
                colours = generator.integers(0, 256, (1 << depth, 3), np.uint8)
                alphas = generator.integers(0, 256, (1 << depth) - 1, np.uint8)
                options["palette"] = colours
                seen, alpha = colours[samples[..., 0]], np.append(alphas, 255).astype(np.uint8)[samples[..., 0]]
                options["transparent"] = alphas.tobytes() if transparent else None
            else:
                eight = samples >> 8 if depth == 16 else samples * (255 // ((1 << depth) - 1))
                seen, alpha = eight.astype(np.uint8), None
                if kind in (4, 6):
                    seen, alpha = seen[..., :-1], seen[..., -1]
                elif transparent:
                    key = samples[1, 1]
                    options["transparent"] = key.astype(">u2").tobytes()
                    alpha = np.where((samples == key).all(-1), 0, 255)
            if transparent or kind in (4, 6):
                seen = laid_on(seen, alpha, background)
            yield name, (png(samples, depth, kind, interlaced, **options), background, seen)


def pillow(data, background=BLACK):
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)[..., None]
    grey = image.mode in ("1", "L", "LA") or (data[1:4] == b"PNG" and data[25] == 4)  # 16 bits open as RGBA
    if "A" in image.mode or "transparency" in image.info:
        canvas = Image.new("RGB", image.size, background)
        rgba = image.convert("RGBA")
        canvas.paste(rgba, mask=rgba)
        seen = np.asarray(canvas)
        return seen[..., :1] if grey and len(set(background)) == 1 else seen
    seen = np.asarray(image.convert("L" if grey else "RGB"))
    return seen[..., None] if grey else seen


def written(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(generator, height, width, mode="RGB"):
    """Smooth with some noise, as what JPEG is made for."""
    small = generator.integers(0, 256, (height // 8 + 2, width // 8 + 2, 4), np.uint8)
    large = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    noisy = np.clip(large + generator.integers(-6, 7, large.shape), 0, 255).astype(np.uint8)
    samples = {"L": noisy[..., 0], "RGB": noisy[..., :3], "CMYK": noisy}[mode]
    return Image.frombytes(mode, (width, height), samples.tobytes())


def segments(jpeg):
    """(marker, bytes) in order; the entropy-coded data goes with its SOS."""
    found, at = [], 2
    while jpeg[at + 1] != 0xD9:
        end = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] == 0xDA:
            end += re.search(rb"\xff[^\x00\xd0-\xd7]", jpeg[end:], re.S).start()
        found.append((jpeg[at + 1], jpeg[at:end]))
        at = end
    return found


def scans_apart(generator, repeats=1):
    """A baseline JPEG whose three channels are three scans: of three grey JPEGs with the same tables."""
    greys = [segments(written(photo(generator, 24, 40, "L"), "JPEG", quality=80)) for _ in range(3)]
    head = b"".join(part for marker, part in greys[0] if marker not in (0xC0, 0xDA))
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 24, 40, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    scans = [part for grey in greys for marker, part in grey if marker == 0xDA]
    scans = [part[:5] + bytes([i + 1]) + part[6:] for i, part in enumerate(scans)]
    return b"\xff\xd8" + head + frame + b"".join(scans) * repeats + b"\xff\xd9"


def jpeg_forms(generator):
    for mode, progressive, (height, width) in itertools.product(
        ["L", "RGB", "CMYK"], [False, True], [(1, 1), (7, 9), (33, 50)]
    ):
        for subsampling in [0, 1, 2] if mode == "RGB" else [0]:
            options = {"quality": 85, "progressive": progressive, "subsampling": subsampling}
            image = photo(generator, height, width, mode)
            yield f"jpeg {mode} {options} {height} x {width}", written(image, "JPEG", **options)
    for rows, blocks in [(1, 0), (0, 3)]:
        image = photo(generator, 40, 48)
        data = written(image, "JPEG", restart_marker_rows=rows, restart_marker_blocks=blocks)
        assert b"\xff\xd0" in data
        yield f"jpeg restart {rows} {blocks}", data
    yield "jpeg rgb kept", written(photo(generator, 17, 30), "JPEG", keep_rgb=True)
    yield "jpeg scans apart", scans_apart(generator)
    cmyk = written(photo(generator, 30, 41, "CMYK"), "JPEG")
    place = cmyk.index(b"Adobe") + 11
    yield "jpeg ycck", cmyk[:place] + b"\2" + cmyk[place + 1 :]
    for orientation, order, mode in itertools.product(range(10), "<>", ["L", "RGB"]):
        exif = Image.Exif()
        exif.endian = order
        exif[0x010F], exif[0x0112] = "maker", orientation
        yield f"jpeg orientation {orientation} {order}", written(photo(generator, 10, 23, mode), "JPEG", exif=exif)


def bmp(pixels, bits, size, header=40, compression=0, palette=b"", masks=b"", colours=0):
    """`pixels`: rows as they lie in the file, of stride bytes each."""
    height, width = size
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, colours, 0)
    body = info + masks + bytes(max(0, header - len(info) - len(masks)) if header > 40 else 0) + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + len(pixels), 0, 0, 14 + len(body)) + body + pixels


def bmp_forms(generator):
    yield "bmp 1", written(photo(generator, 9, 11, "L").convert("1"), "BMP")
    for mode, (height, width) in itertools.product(["L", "RGB"], [(5, 5), (8, 12)]):
        yield f"bmp {mode}", written(photo(generator, height, width, mode), "BMP")
    yield "bmp palette", written(photo(generator, 12, 15).quantize(40), "BMP")
    colours = generator.integers(0, 256, (256, 4), np.uint8)
    for bits, header, height in itertools.product([1, 4, 8], [12, 40, 64, 124], [6, -6]):
        if height < 0 and header == 12:
            continue
        table = colours[: 1 << bits, : 3 if header == 12 else 4].tobytes()
        rows = generator.integers(0, 256, 6 * ((21 * bits + 31) // 32 * 4), np.uint8).tobytes()
        yield f"bmp {bits} bits {header} {height}", bmp(rows, bits, (height, 21), header, palette=table)
    layouts = [(16, ()), (24, ()), (32, ()), (16, (0xF800, 0x7E0, 0x1F)), (16, (0x7C00, 0x3E0, 0x1F))]
    layouts += [(32, (0xFF0000, 0xFF00, 0xFF)), (32, (0xFF000000, 0xFF0000, 0xFF00)), (24, (0xFF0000, 0xFF00, 0xFF))]
    layouts += [(32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000))]
    layouts += [(32, (0xFF000000, 0xFF0000, 0xFF00, 0xFF))]
    for (bits, masks), height in itertools.product(layouts, [5, -5]):
        rows = generator.integers(0, 256, 5 * ((7 * bits + 31) // 32 * 4), np.uint8).tobytes()
        header = 40 if len(masks) < 4 else 108
        words = struct.pack(f"<{len(masks)}I", *masks)
        yield f"bmp {bits} {masks} {height}", bmp(rows, bits, (height, 7), header, 3 if masks else 0, masks=words)


def pnm_forms(generator):
    for kind, maximum in itertools.product([2, 3, 5, 6], [1, 7, 100, 255, 256, 1000, 40000, 65535]):
        count = 6 * 11 * (3 if kind in (3, 6) else 1)
        values, head = generator.integers(0, maximum + 1, count), b"P%d # a picture\n11 6\n%d\n" % (kind, maximum)
        if kind < 4:
            yield f"pnm P{kind} {maximum}", head + b"# rows\n" + " ".join(map(str, values)).encode()
        else:
            yield f"pnm P{kind} {maximum}", head + values.astype(">u2" if maximum > 255 else "u1").tobytes()
    wild = generator.integers(0, 256, 66, np.uint8)  # values above the largest
    yield "pnm beyond", b"P5 11 6 100\n" + wild.tobytes()


class Forms(unittest.TestCase):
    def check(self, forms, tolerance=0, background=BLACK):
        results, _ = decode([(data, background) for data in forms.values()])
        worst = 0
        for (name, data), got in zip(forms.items(), results):
            expected = pillow(data, background)
            self.assertNotIsInstance(got, tuple, f"{name}: {got}")
            self.assertEqual(got.shape, expected.shape, name)
            difference = int(np.abs(got.astype(int) - expected).max())
            self.assertLessEqual(difference, tolerance, name)
            worst = max(worst, difference)
        return worst

    def test_png(self):
        forms = dict(png_forms(np.random.default_rng(1)))
        results, _ = decode([(data, background) for data, background, _ in forms.values()])
        for (name, (data, background, expected)), got in zip(forms.items(), results):
            self.assertNotIsInstance(got, tuple, f"{name}: {got}")
            np.testing.assert_array_equal(got, expected, name)
            if re.search(r"type (0|2) .* True \(", name) and not re.search(r"type 0 depth 8", name):
                continue  # Pillow compares a transparent colour with samples that it has already scaled
            np.testing.assert_array_equal(got, pillow(data, background), "Pillow, " + name)

    def test_png_as_pillow_writes_it(self):
        generator = np.random.default_rng(2)
        colour = photo(generator, 40, 57)
        with_alpha = colour.copy()
        with_alpha.putalpha(photo(generator, 40, 57, "L"))
        images = [colour, colour.quantize(9), with_alpha, *(with_alpha.convert(mode) for mode in ["L", "1", "LA"])]
        for background in BACKGROUNDS:
            self.check({f"png {i.mode}": written(i, "PNG") for i in images}, background=background)

    def test_jpeg(self):
        print(f"JPEG: {self.check(dict(jpeg_forms(np.random.default_rng(3))), tolerance=1)} apart from Pillow at most")

    def test_bmp_and_pnm(self):
        generator = np.random.default_rng(4)
        self.check(dict(bmp_forms(generator)), background=COLOUR)
        self.check(dict(pnm_forms(generator)))

    def test_refused_by_name(self):
        image = photo(np.random.default_rng(5), 16, 16)
        jpeg, coded = written(image, "JPEG"), written(image.quantize(16), "BMP")
        frame = jpeg.index(b"\xff\xc0")
        cases = {
            "got an empty file": b"",
            "got a GIF": written(image.quantize(4), "GIF"),
            "got a WebP": written(image, "WEBP"),
            "got a TIFF": written(image, "TIFF"),
            "black and white, one bit": written(image.convert("1"), "PPM"),
            "run-length compression": coded[:30] + b"\1" + coded[31:],
            "premature end of data": jpeg[:-60] + jpeg[-2:],
            "a form of JPEG that is not read": jpeg[: frame + 4] + b"\x0c" + jpeg[frame + 5 :],
            "lacks": png(np.full((2, 2, 1), 3, np.uint16), 2, 3, palette=np.zeros((3, 3), np.uint8)),
            "at most 100 scans": scans_apart(np.random.default_rng(5), repeats=40),
        }
        results, _ = decode([(data, BLACK) for data in cases.values()])
        for words, result in zip(cases, results):
            self.assertIsInstance(result, tuple, words)
            self.assertEqual(result[0], 3, words)
            self.assertIn(words, result[1])


def with_checksums(data):
    """A PNG's chunks with checksums that fit, so that damage reaches what comes after them."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        end = at + 8 + struct.unpack(">I", out[at : at + 4])[0]
        if end + 4 > len(out):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)


def flip(generator, data):
    out = bytearray(data)
    for _ in range(generator.integers(1, 6)):
        out[generator.integers(len(out))] ^= 1 << generator.integers(8)
    return bytes(out)


def cut(generator, data):
    return data[: generator.integers(len(data))]


def splice(generator, data):
    """A part again elsewhere: over what is there, or pushed in."""
    first, last, to = sorted(generator.integers(0, len(data), 2)) + [generator.integers(len(data))]
    return data[:to] + data[first:last] + data[to + (last - first) * generator.integers(2) :]


def scribble(generator, data):
    at, size = generator.integers(len(data)), generator.integers(1, 9)
    values = generator.choice(np.array([0, 1, 0x7F, 0x80, 0xFF, generator.integers(256)], np.uint8), size)
    return data[:at] + values.tobytes() + data[at + size :]


class Damaged(unittest.TestCase):
    def decode_all(self, files):
        results, mebibytes = decode([(data, GREY) for data in files])
        self.assertLess(mebibytes, MOST_MEBIBYTES)
        refused = [r for r in results if isinstance(r, tuple)]
        for code, message in refused:
            self.assertEqual(code, 3, message)
        return len(refused)

    def test_png(self):
        generator = np.random.default_rng(6)
        pool = [data for data, _, _ in dict(png_forms(generator)).values()]
        for way in [flip, cut, splice, scribble]:
            files = [way(generator, pool[i % len(pool)]) for i in range(MUTATIONS)]
            refused = self.decode_all(files)
            if way in (flip, cut):
                self.assertEqual(refused, len([f for f in files if f not in pool]), way.__name__)
            self.decode_all([with_checksums(data) for data in files])

    def test_jpeg(self):
        generator = np.random.default_rng(7)
        pool = list(dict(jpeg_forms(generator)).values())
        for way in [flip, cut, splice, scribble]:
            refused = self.decode_all([way(generator, pool[i % len(pool)]) for i in range(MUTATIONS)])
            if way is cut:
                self.assertEqual(refused, MUTATIONS)

    def test_memory_of_large_and_hostile_files(self):
        huge = struct.pack(">II", 65535, 65535)
        zeros = zlib.compress(bytes(60 << 20), 9)
        one = np.zeros((1, 1, 1), np.uint16)
        small = png(one, 8, 0)
        patched = b"IHDR" + huge + small[24:29]
        jpeg = written(Image.new("L", (8, 8)), "JPEG")
        frame = jpeg.index(b"\xff\xc0") + 5
        side = 4096  # the largest square that is read
        turn = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0"
        files = {
            "png header": small[:12] + patched + struct.pack(">I", zlib.crc32(patched)),
            "jpeg header": jpeg[:frame] + b"\xff\xff\xff\xff" + jpeg[frame + 4 :],
            "bmp header": bmp(b"", 24, (65535, 65535)),
            "pnm header": b"P6 65535 65535 255\n",
            "png profile": png(one, 8, 0, extra=chunk(b"iCCP", b"x\0\0" + zeros) + chunk(b"zTXt", b"x\0\0" + zeros)),
            "png texts": png(one, 8, 0, extra=chunk(b"tEXt", b"x\0y") * 100000),
            "png": png(np.zeros((side, side, 4), np.uint16), 16, 6, interlaced=True),
            "png one row": png(np.zeros((1, 65535, 4), np.uint16), 16, 6),
            "jpeg": written(Image.new("CMYK", (side, side)), "JPEG", progressive=True),
            "turned": written(Image.new("RGB", (side, side)), "JPEG", progressive=True, exif=turn),
        }
        for name, data in files.items():
            (result,), mebibytes = decode([(data, COLOUR)])
            print(f"{name}: {mebibytes:.0f} MiB")
            self.assertLess(mebibytes, MOST_MEBIBYTES if name in ("png", "jpeg", "turned") else 16, name)
            self.assertEqual(isinstance(result, tuple), name.endswith("header"), f"{name}: {result}")


if __name__ == "__main__":
    PROGRAM = sys.argv[1]
    running.main()
