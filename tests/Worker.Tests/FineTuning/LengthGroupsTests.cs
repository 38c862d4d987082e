using LightReasoner.Worker.Training;

namespace LightReasoner.Worker.Tests.FineTuning;

public class LengthGroupsTests
{
    [Fact]
    public void Of_UnequalLengths_KeepsAllRowsWithLittlePadding()
    {
        var random = new Random(3);
        var lengths = Enumerable.Range(0, 200).Select(_ => random.Next(20, 400)).ToArray();
        var groups = LengthGroups.Of(lengths, length => length).ToArray();
        Assert.Equal(lengths.OrderDescending(), groups.SelectMany(group => group));
        Assert.True(groups.Length > 3);
        Assert.All(groups, group => Assert.True(group.Sum() >= group.Length * group[0] * 7 / 8 || group.Length * group[0] < 1024));
    }

    [Fact]
    public void Of_FewTokens_IsOneGroup() => Assert.Single(LengthGroups.Of([100, 10, 10, 10], length => length));
}
