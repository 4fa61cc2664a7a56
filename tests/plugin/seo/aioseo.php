<?php
// Handles titles and descriptions like All in One SEO 4: they are columns of a separate table, written through
// its model. Its post meta are copies that are never printed.
namespace AIOSEO\Plugin\Common\Models;

define('AIOSEO_VERSION', '4.7');

class Post
{
    public $post_id = 0;
    public $title = '';
    public $description = '';

    public static function getPost($id)
    {
        global $wpdb;
        $post = new self();
        $row = $wpdb->get_row($wpdb->prepare("SELECT post_id, title, description FROM {$wpdb->prefix}aioseo_posts WHERE post_id = %d", $id));
        foreach ((array) $row as $column => $value) {
            $post->$column = $value;
        }
        return $post;
    }

    public function save()
    {
        global $wpdb;
        $wpdb->replace("{$wpdb->prefix}aioseo_posts", get_object_vars($this));
    }
}

add_action('init', function () {
    global $wpdb;
    $wpdb->query("CREATE TABLE IF NOT EXISTS {$wpdb->prefix}aioseo_posts (post_id bigint(20) NOT NULL, title text, description text, PRIMARY KEY (post_id))");
});
add_filter('pre_get_document_title', fn () => Post::getPost(get_the_ID())->title);
add_action('wp_head', function () {
    printf("<meta name=\"description\" content=\"%s\" />\n", esc_attr(Post::getPost(get_the_ID())->description));
});
