using k8s;
using k8s.Models;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class ResourceQuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("1", "1")]
    [InlineData("0.5", "500m")]
    [InlineData("1500m", "1500m")]
    [InlineData("2000m", "2")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1Ki", "1Ki")]
    [InlineData("512", "512")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("1000k", "1M")]
    [InlineData("12e6", "12e6")]
    [InlineData("1e3", "1e3")]
    [InlineData("100E", "100E")]
    [InlineData("0.1n", "1n")]
    [InlineData("-250m", "-250m")]
    [InlineData("+3", "3")]
    [InlineData(".5", "500m")]
    public void Text_IsWrittenCanonically(string text, string canonical)
    {
        Assert.Equal(canonical, new ResourceQuantity(text).ToString());
        Assert.Equal($"\"{canonical}\"", KubernetesJson.Serialize(new ResourceQuantity(text)));
    }

    [Theory]
    [InlineData("1Gi", 1073741824)]
    [InlineData("1G", 1000000000)]
    [InlineData("250m", 0.25)]
    [InlineData("1e-3", 0.001)]
    public void Value_IsExact(string text, decimal value) => Assert.Equal(value, new ResourceQuantity(text).ToDecimal());

    [Fact]
    public void EqualAmounts_AreEqual()
    {
        Assert.Equal(new ResourceQuantity("1Gi"), new ResourceQuantity("1024Mi"));
        Assert.NotEqual(new ResourceQuantity("1Gi"), new ResourceQuantity("1G"));
        Assert.Equal(new ResourceQuantity("1500m"), new ResourceQuantity(1.5m, 0, ResourceQuantity.SuffixFormat.DecimalSI));
        Assert.Equal("3k", new ResourceQuantity(3, 3, ResourceQuantity.SuffixFormat.DecimalSI).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("1Qi")]
    [InlineData("1mm")]
    public void Nonsense_IsRefused(string text) => Assert.ThrowsAny<Exception>(() => new ResourceQuantity(text));

    [Fact]
    public void Number_IsRead() => Assert.Equal("2", KubernetesJson.Deserialize<IDictionary<string, ResourceQuantity>>("""{"cpu":2}""")["cpu"].ToString());
}
