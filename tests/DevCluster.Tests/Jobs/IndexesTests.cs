using LightReasoner.DevCluster.Jobs;

namespace LightReasoner.DevCluster.Tests.Jobs;

public sealed class IndexesTests
{
    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 1 }, "1")]
    [InlineData(new[] { 1, 2 }, "1,2")]
    [InlineData(new[] { 3, 1, 2 }, "1-3")]
    [InlineData(new[] { 0, 2, 4, 5, 7, 8, 9 }, "0,2,4,5,7-9")]
    public void ToString_Indexes_CompressedAsKubernetesDoes(int[] indexes, string expected) =>
        Assert.Equal(expected, Indexes.Of(indexes).ToString());

    [Theory]
    [InlineData("1-3,5", 10, "1-3,5")]
    [InlineData("1-3,5", 3, "1,2")]
    [InlineData("0,1,2", 10, "0-2")]
    [InlineData("x,2,4-y,6", 10, "2,6")]
    [InlineData(null, 10, "")]
    public void Parse_AnyText_WhatLiesBelowCompletions(string? text, int completions, string expected) =>
        Assert.Equal(expected, Indexes.Parse(text, completions).ToString());

    [Fact]
    public void Contains_EveryIndex_AsThePlainSet()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var plain = Enumerable.Range(0, 30).Where(_ => random.Next(2) == 0).ToHashSet();
            var other = Enumerable.Range(0, 30).Where(_ => random.Next(2) == 0).ToHashSet();
            var set = Indexes.Parse(Indexes.Of(plain).ToString(), 30);
            Assert.All(Enumerable.Range(0, 31), i => Assert.Equal(plain.Contains(i), set.Contains(i)));
            Assert.Equal(plain.Count, set.Count);
            Assert.Equal(Indexes.Of(plain.Union(other)).ToString(), set.Union(Indexes.Of(other)).ToString());
            Assert.Equal(Enumerable.Range(0, 30).Except(plain).Take(4), set.FirstMissing(4, 30));
        }
    }
}
