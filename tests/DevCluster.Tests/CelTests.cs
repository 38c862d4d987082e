using LightReasoner.DevCluster.Cel;

namespace LightReasoner.DevCluster.Tests;

public sealed class CelTests
{
    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["self"] = new Dictionary<string, object?>
        {
            ["n"] = 3L,
            ["x"] = 0.5,
            ["name"] = "abc",
            ["on"] = true,
            ["list"] = new List<object?> { 1L, 2L, 3L },
            ["map"] = new Dictionary<string, object?> { ["a"] = 1L },
        },
    };

    [Theory]
    [InlineData("self.n == 3 && self.x < 1.0")]
    [InlineData("!has(self.missing) || self.missing > 1")]
    [InlineData("has(self.n) ? self.n > 2 : false")]
    [InlineData("self.list.all(i, i > 0) && self.list.exists(i, i == 2)")]
    [InlineData("self.list.exists_one(i, i == 3)")]
    [InlineData("self.list.map(i, i * 2) == [2, 4, 6]")]
    [InlineData("self.list.filter(i, i > 1).size() == 2")]
    [InlineData("size(self.name) == 3 && self.name.startsWith('a') && self.name.matches('^[a-c]+$')")]
    [InlineData("'a' in self.map && 'b' in ['a', 'b']")]
    [InlineData("self.map.all(k, self.map[k] == 1)")]
    [InlineData("self.n in [1, 3] && !(self.n in [4])")]
    [InlineData("1 + 2 * 3 - 8 / 4 == 5 && 7 % 4 == 3 && -self.n == -3")]
    [InlineData("duration('1h30m') > duration('45m') && timestamp('2024-01-01T00:00:00Z') < timestamp('2025-01-01T00:00:00Z')")]
    [InlineData("quantity('1Gi').isGreaterThan(quantity('512Mi'))")]
    [InlineData("true || self.missing == 1")]
    [InlineData("self.missing == 1 || true")]
    [InlineData("self.name + \"d\" == 'abcd' && self.name.upperAscii() == 'ABC'")]
    [InlineData("{'a': 1}.a == 1 && [[1], [2]][1][0] == 2")]
    public void Evaluate_True(string expression)
        => Assert.Equal(true, CelEvaluator.Evaluate(CelParser.Parse(expression), Variables));

    [Theory]
    [InlineData("self.missing == 1")]
    [InlineData("self.n == 3 && self.missing")]
    [InlineData("self.list[5] == 1")]
    [InlineData("1 / 0 == 1")]
    [InlineData("self.n + 'a' == 'b'")]
    [InlineData("nobody == 1")]
    public void Evaluate_Error(string expression)
        => Assert.Throws<CelException>(() => CelEvaluator.Evaluate(CelParser.Parse(expression), Variables));

    [Theory]
    [InlineData("self.n >")]
    [InlineData("(self.n")]
    [InlineData("'open")]
    [InlineData("self.n 3")]
    [InlineData("a ? b")]
    public void Parse_Error(string expression) => Assert.Throws<CelException>(() => CelParser.Parse(expression));
}
