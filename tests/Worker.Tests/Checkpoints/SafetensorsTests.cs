using System.Buffers.Binary;
using System.Text;
using LightReasoner.Worker.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Checkpoints;

public class SafetensorsTests
{
    private const string F32 = """{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";

    [Fact]
    public void Write_EveryType_ReadsBackTheSame()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var source = tensor(new double[] { 0, 1, -2.5, 100, 3, 1e-3 }).view(2, 3);
        (string, Tensor)[] tensors =
        [
            .. ((ScalarType[])[ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
                ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Bool])
                .Select(type => (type.ToString(), source.to(type))),
            ("Byte", source.abs().to(ScalarType.Byte)),
            ("scalar", tensor(7L)),
            ("empty", zeros([0, 4])),
            ("transposed Ω \"x\"", source.t()),
        ];

        Safetensors.Write(folder["t.safetensors"], tensors);

        using var file = new SafetensorsFile(folder["t.safetensors"]);
        Assert.Equal(tensors.Length, file.Entries.Count);
        foreach (var (name, value) in tensors)
        {
            var read = file.Load(name);
            Assert.Equal(value.shape, read.shape);
            Assert.Equal(value.dtype, read.dtype);
            Assert.Equal(value.contiguous().bytes.ToArray(), read.bytes.ToArray());
        }
        Assert.Equal(["t.safetensors"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void CopyTo_LargeTensorOfOtherType_CastsEveryChunk()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var source = arange(5_000_000, dtype: ScalarType.Float32);
        Safetensors.Write(folder["t.safetensors"], [("x", source)]);
        using var file = new SafetensorsFile(folder["t.safetensors"]);
        Assert.True(file.Load("x", ScalarType.Float64).eq(source).all().item<bool>());
        Assert.True(file.Load("x").eq(source).all().item<bool>());
    }

    [Fact]
    public void CopyTo_WrongShapeOrName_NamesFileAndTensor()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        Safetensors.Write(folder["t.safetensors"], [("x", zeros(2, 3))]);
        using var file = new SafetensorsFile(folder["t.safetensors"]);
        Assert.Equal($"{file.Path}: tensor 'x' has shape [2, 3], expected [3, 2]",
            Assert.Throws<InvalidDataException>(() => file.CopyTo("x", zeros(3, 2))).Message);
        Assert.Equal($"{file.Path}: tensor 'y' is missing", Assert.Throws<InvalidDataException>(() => file.Load("y")).Message);
    }

    [Theory]
    [InlineData("""{"a":X,"a":X}""", 8, "malformed JSON")]
    [InlineData("""{"a":X,"b":X}""", 8, "tensor 'b' overlaps the one before it")]
    [InlineData("""{"a":X}""", 7, "tensor 'a' needs 8 bytes at")]
    [InlineData("""{"a":X}""", 9, "1 bytes after the last tensor belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "tensor 'a' leaves a gap of 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8,
        "tensor 'a' of shape [3] and dtype F32 does not fit its 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8,
        "tensor 'a' of shape [4611686018427387904, 4]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,8]}}""", 8,
        "does not fit")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 8,
        "tensor 'a' needs 9223372036854775807 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""", 0,
        "tensor 'a' lies outside the file")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "tensor 'a' of shape [-2] and dtype F32 does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "$.shape[0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "$.shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8,
        "tensor 'a' has data_offsets [8, 0]; expected [begin, end]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "expected [begin, end]")]
    [InlineData("""{"a":{"dtype":"F9","shape":[2],"data_offsets":[0,8]}}""", 8, "tensor 'a' has dtype 'F9', which is not supported")]
    [InlineData("""{"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}}""", 8, "$.dtype")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "malformed JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}""", 8, "'extra'")]
    [InlineData("""{"a":3}""", 0, "tensor 'a' must have dtype")]
    [InlineData("""{"a":X} x""", 8, "malformed")]
    [InlineData("""{"a":X""", 8, "malformed")]
    [InlineData("""[1]""", 0, "no safetensors file")]
    [InlineData("", 0, "no safetensors file")]
    public void Open_HostileHeader_IsRefusedWithTheTensorsName(string header, int dataBytes, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder["bad.safetensors"];
        File.WriteAllBytes(path, Build(header.Replace("X", F32), dataBytes));
        var error = Assert.Throws<InvalidDataException>(() => new SafetensorsFile(path));
        Assert.StartsWith($"{path}: ", error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData(0xFFFFFFFFFFFFFFFFUL, "the header claims 18446744073709551615 bytes")]
    [InlineData(100_000_001UL, "the header claims 100000001 bytes")]
    [InlineData(50_000_000UL, "truncated")]
    public void Open_HeaderLengthBeyondFile_IsRefusedWithoutAllocating(ulong length, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder["bad.safetensors"];
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => new SafetensorsFile(path));
        Assert.Contains(expected, error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Open_EveryTruncation_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder["bad.safetensors"];
        var whole = Build($$"""{"a":{{F32}}}""", 8);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => new SafetensorsFile(path));
        }
    }

    /// <summary>Random edits of a good file: either it opens and every tensor lies inside it, or it is refused. Nothing else.</summary>
    [Fact]
    public void Parse_MutatedHeaders_NeverFailOtherwise()
    {
        var good = Encoding.UTF8.GetBytes(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b.c":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}  """);
        var alphabet = Encoding.UTF8.GetBytes("0123456789-+.eE{}[],:\"\\u aFU\0\xff");
        var random = new Random(20251122);
        var opened = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = good.ToList();
            for (var edit = random.Next(1, 4); edit > 0; edit--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = alphabet[random.Next(alphabet.Length)]; break;
                    case 1: bytes.Insert(at, alphabet[random.Next(alphabet.Length)]); break;
                    case 2: bytes.RemoveAt(at); break;
                    default: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(30)).ToArray()); break;
                }
            }
            try
            {
                var fileLength = 8 + bytes.Count + 26;
                var entries = Safetensors.ParseHeader(bytes.ToArray(), fileLength, "f");
                Assert.All(entries.Values, e => Assert.InRange(e.Position + e.Length, 0, fileLength));
                opened++;
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("f: ", e.Message);
            }
        }
        Assert.InRange(opened, 1, 49_999);
    }

    private static byte[] Build(string header, int dataBytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }
}
