<?php
use Igny8\Bridge\Admin\PostsColumn;

/** The column and the filter in the list of posts. */
final class PostsColumnTest extends AdminTestCase
{
    public function test_shows_the_status_in_the_list_of_posts_without_a_query_per_post(): void
    {
        global $wpdb, $wp_query;
        $key = $this->newKey();
        $post = fn ($n) => ['post_title' => "Listed $n", 'post_status' => 'publish', 'post_content' => 2 === $n ? "<p class=\"igny8-$key\">x</p>" : ''];
        $ids = array_map(fn ($n) => wp_insert_post($post($n)), range(1, 5));
        $this->storeTask(['task_id' => 901, 'key' => $key, 'title' => 'x', 'status' => 'completed', 'post_id' => $ids[1]]);
        $wp_query = new WP_Query(['post__in' => $ids]);
        $before = $wpdb->num_queries;
        ob_start();
        foreach ($ids as $id) {
            echo "[$id:";
            PostsColumn::render('igny8', $id);
            echo ']';
        }
        $cells = ob_get_clean();
        $this->assertLessThanOrEqual(2, $wpdb->num_queries - $before);
        $this->assertSame(1, preg_match("/\\[{$ids[1]}:<a [^>]+>Live<\\/a>\\]/", $cells));
        $this->assertStringContainsString("[{$ids[0]}:]", $cells);
    }

    /** Returns the IDs among the given posts that the list shows with the filter. */
    private function listed(string $filter, array $ids): array
    {
        global $pagenow, $wp_query, $wp_the_query;
        $_GET['igny8'] = $filter;
        set_current_screen('edit-post');
        $pagenow = 'edit.php';
        add_filter('posts_where', [PostsColumn::class, 'where'], 10, 2);
        $wp_query = $wp_the_query = new WP_Query();
        $wp_query->query(['post_type' => 'post', 'post_status' => 'any', 'post__in' => $ids, 'orderby' => 'post__in']);
        remove_filter('posts_where', [PostsColumn::class, 'where'], 10);
        $pagenow = 'index.php';
        $GLOBALS['current_screen'] = null;
        return wp_list_pluck($wp_query->posts, 'ID');
    }

    public function test_marks_and_filters_posts_edited_since_igny8_wrote_them(): void
    {
        $key = $this->newKey();
        $put = fn () => $this->request('PUT', "posts/$key", ['title' => 'Tea', 'content' => 'Text', 'status' => 'draft'])->get_data()['post']['id'];
        $mine = $put();
        $reportedKey = $this->newKey();
        $reported = wp_insert_post(['post_title' => 'Reported', 'post_content' => "<p class=\"igny8-$reportedKey\">x</p>", 'post_status' => 'publish']);
        $other = wp_insert_post(['post_title' => 'Other', 'post_content' => 'x', 'post_status' => 'publish']);
        $this->storeTask(['task_id' => 902, 'key' => $reportedKey, 'title' => 'x', 'status' => 'completed', 'post_id' => $reported]);
        $all = [$mine, $reported, $other];
        wp_update_post(['ID' => $other, 'post_content' => 'y']);
        $this->assertSame([], $this->listed('edited', $all));
        wp_update_post(['ID' => $mine, 'post_content' => 'Mine']);
        $this->assertSame([$mine], $this->listed('edited', $all));
        $this->assertSame([$mine, $reported], $this->listed('yes', $all));
        $this->assertSame([$other], $this->listed('no', $all));
        $this->assertSame($all, $this->listed("x' or 1=1", $all));
        ob_start();
        PostsColumn::render('igny8', $mine);
        $this->assertStringContainsString('Edited in WordPress', ob_get_clean());
        $put();
        $this->assertSame([], $this->listed('edited', $all));
    }
}
