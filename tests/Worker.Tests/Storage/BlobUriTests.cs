using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>What a URI names, and what is said of one that names nothing.</summary>
public sealed class BlobUriTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("az://cont", "az://cont/FILE.jsonl, or az://cont/* for all")]
    [InlineData("az://cont/", "az://cont/*")]
    [InlineData("s3://bucket", "s3://bucket/FILE.jsonl")]
    [InlineData("https://host", "https://host/FILE.jsonl")]
    [InlineData("hf://datasets/org/name", "hf://datasets/org/name/FILE.jsonl")]
    [InlineData("hf://org", "hf://org/name[@revision][/path]")]
    [InlineData("az://", "az://container/path")]
    [InlineData("s3:///x", "s3://bucket/path")]
    [InlineData("https:///x", "https://host/path")]
    [InlineData("file://host/x", "file:///data/x")]
    [InlineData("gs://bucket/x", "az://, s3://")]
    public async Task Find_OfAUriWithoutAFile_SaysWhatIsMissing(string uri, string remedy)
    {
        var error = await Assert.ThrowsAsync<WorkerException>(() => DataFile.FindAsync(uri, default));
        Assert.Equal(ExitCode.BadManifest, error.Code);
        Assert.StartsWith(uri + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message);
    }

    [Theory]
    [InlineData("hf://org/name@v1/sub dir", "hf://org/name@v1/sub dir")]
    [InlineData("hf://org/name@feature%2Fx/100%25", "hf://org/name@feature%2Fx/100%25")]
    [InlineData("https://user:pw@host/a%20b?key=1", "https://host/a%20b")]
    [InlineData("https://host:8080/a/?key=1", "https://host:8080/a")]
    [InlineData("file:///data/my%20x/", "file:///data/my x")]
    public void Open_OfAFolder_ShowsItWithoutCredentials(string uri, string shown) => Assert.Equal(shown, BlobUri.Open(uri).Uri);

    [Theory]
    [InlineData("az://c/x", "samples/*", "az://c/x/samples/*")]
    [InlineData("az://c", "ns/name", "az://c/ns/name")]
    [InlineData("https://h/x?sig=1", "a", "https://h/x/a?sig=1")]
    [InlineData("file:///", "a", "file:///a")]
    public void Join_PutsThePartBeforeTheQuery(string uri, string part, string joined) => Assert.Equal(joined, BlobUri.Join(uri, part));

    [Fact]
    public async Task Find_OfAPlainPath_TakesEveryCharacterAsItIs()
    {
        var file = Path.Combine(_folder.Path, "100%41.jsonl");
        await File.WriteAllTextAsync(file, "{}");
        var found = Assert.Single(await DataFile.FindAsync(file, default));
        Assert.Equal($"file://{_folder.Path}/100%2541.jsonl", found.Uri);
        Assert.Equal(file, BlobUri.LocalPath(found.Uri));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:aa\n", "Git LFS pointer")]
    [InlineData("\n  <!DOCTYPE HTML><title>Sign in</title>", "HTML page")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML document")]
    [InlineData("PK\u0003\u0004archive/data.pkl", "zip archive")]
    [InlineData("{\"a\": 1}", null)]
    [InlineData("", null)]
    public void ContentKind_KnowsStandInsAndArchives(string content, string? kind)
    {
        var found = ContentKind.NameOf(Encoding.Latin1.GetBytes(content));
        if (kind is null) Assert.Null(found);
        else Assert.Contains(kind, found);
    }

    [Fact]
    public async Task Fingerprints_OfAModel_AreThoseOfItsFiles()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "config.json"), "{}");
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "README.md"), "");
        var only = Assert.Single(await Fingerprint.OfModelAsync(_folder.Path, default));
        Assert.Equal(new Fingerprint($"file://{_folder.Path}/config.json",
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"), only);
    }
}
